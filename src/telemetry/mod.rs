//! Logs, metrics, the admin server.
