-- Signing keys are wrapped anew when the master key is changed.
GRANT UPDATE (master_version, wrapped) ON auth.signing_keys TO members_auth;
