//! Root certificates of a system that keeps them as files, for where its own verifier cannot be asked: Android's is Java.

use std::path::Path;

use rustls::RootCertStore;

/// Where Android keeps them: since Android 14 in a module that is updated without the system, before that in the system. The first
/// one that holds any counts, as in the system's own `TrustedCertificateStore` (AOSP, external/conscrypt).
pub(super) const ANDROID: [&str; 2] = ["/apex/com.android.conscrypt/cacerts", "/system/etc/security/cacerts"];

/// The certificates of the first of `folders` that holds any. One that cannot be read is passed over, for the others are of use.
pub(super) fn of<F: AsRef<Path>>(folders: &[F]) -> Result<RootCertStore, String> {
    let mut errors = Vec::new();
    for folder in folders {
        let found = rustls_native_certs::load_certs_from_paths(None, Some(folder.as_ref()));
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if !roots.is_empty() {
            return Ok(roots);
        }
        errors.extend(found.errors.iter().map(ToString::to_string));
    }
    let folders: Vec<_> = folders.iter().map(|folder| folder.as_ref().display().to_string()).collect();
    Err(format!("there is no root certificate in {} {errors:?}", folders.join(" or ")))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Signed by itself, for this test alone.
    const ROOT: &str = "\
-----BEGIN CERTIFICATE-----
MIIBjDCCATOgAwIBAgIURMxVToMDqGNMHqMiBcNoh2UF3BYwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQQSByb290IG9mIGEgdGVzdDAgFw0yNjExMjQyMjM5MzNaGA8y
MTI2MTAzMTIyMzkzM1owGzEZMBcGA1UEAwwQQSByb290IG9mIGEgdGVzdDBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABKZwppbw9hA2oXJE/YiynsoOJdibRHxKd8FK
gEOaz5C9XGV6St36gITEiYlHb/HwHNbsVYcJBcfp49m5hviXaVyjUzBRMB0GA1Ud
DgQWBBSSzf/CwYhDGwYE0HFFJLpIVBXsTDAfBgNVHSMEGDAWgBSSzf/CwYhDGwYE
0HFFJLpIVBXsTDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIFxa
xqoPtBU6UUuewdDSWeyBmGPYlxFvnquJpBEU16PDAiAUd3SYOl0/sgPQlONU6pO9
kPIImjT4WkErBusflFCffA==
-----END CERTIFICATE-----
";

    /// A folder of its own, which goes with the test.
    struct Folder(std::path::PathBuf);

    impl Folder {
        fn with(name: &str, files: &[(&str, &str)]) -> Self {
            let folder = std::env::temp_dir().join(format!("tollhouse-roots-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            for (file, text) in files {
                fs::write(folder.join(file), text).unwrap();
            }
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_folder_is_read_as_android_writes_it() {
        // The certificate, and behind it what it says in words; next to it one that is cut short.
        let android = format!("{ROOT}Certificate:\n    Data:\n        Version: 3 (0x2)\n");
        let folder = Folder::with("android", &[("5ed36f99.0", &android), ("cut.0", &ROOT[..200])]);
        let roots = of(&[&folder.0]).unwrap();
        assert_eq!(roots.len(), 1);
        assert!(String::from_utf8_lossy(&roots.roots[0].subject).contains("A root of a test"));
    }

    #[test]
    fn the_first_folder_that_holds_any_counts() {
        let (empty, full) = (Folder::with("empty", &[]), Folder::with("full", &[("1.0", ROOT)]));
        let missing = empty.0.join("missing");
        assert_eq!(of(&[&missing, &empty.0, &full.0]).unwrap().len(), 1);
        // And where there is none, the error says where was looked.
        let error = of(&[&missing, &empty.0]).unwrap_err();
        assert!(error.starts_with("there is no root certificate in") && error.contains("missing or "), "{error}");
        assert!(cfg!(target_os = "android") || of(&ANDROID).unwrap_err().contains("/system/etc/security/cacerts"));
    }
}
