"""`make image`: the image built, looked through, and each process of it run under restrictions.

Not shipped in the image. Like every look at security it passes, fails, or says that it could not
be done.
"""
