-- The installation's secrets are wrapped anew when the master key is changed.
GRANT UPDATE (master_version, wrapped) ON vault.secrets TO members_vault;
