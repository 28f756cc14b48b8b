"""The rules of members: pure functions over what the past has made of a gym and its people."""
