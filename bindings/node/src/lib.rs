//! Node binding
