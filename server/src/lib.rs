//! Loopback server
