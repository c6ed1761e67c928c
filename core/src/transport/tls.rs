//! TLS with the operating system's trust store, without touching any process-wide default.

use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, WantsVerifier};

/// rustls on ring. `SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured where the platform's verifier reads files.
pub(super) fn config() -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    Ok(trusting(builder)?.with_no_client_auth())
}

type Builder<State> = ConfigBuilder<ClientConfig, State>;

#[cfg(not(target_os = "android"))]
fn trusting(builder: Builder<WantsVerifier>) -> Result<Builder<WantsClientCert>, String> {
    use rustls_platform_verifier::BuilderVerifierExt;

    builder.with_platform_verifier().map_err(|error| error.to_string())
}

/// Android's verifier is Java, and must be handed the app's `Context` before the first call; what it trusts is in files too.
#[cfg(target_os = "android")]
fn trusting(builder: Builder<WantsVerifier>) -> Result<Builder<WantsClientCert>, String> {
    Ok(builder.with_root_certificates(super::roots::of(&super::roots::ANDROID)?))
}
