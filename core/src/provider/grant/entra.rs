//! Microsoft Entra ID: tokens for an application.

use serde::Deserialize;

use super::{Question, form};
use crate::secret::Secret;

/// What Azure's own clients ask tokens for, to call models.
const SCOPE: &str = "https://cognitiveservices.azure.com/.default";

/// An application that calls in its own name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Application {
    tenant_id: String,
    client_id: String,
    client_secret: Secret,
    /// The token server, for clouds of their own.
    #[serde(default = "public")]
    authority: String,
}

impl Application {
    pub(super) const FORM: &str = "{\"tenantId\", \"clientId\", \"clientSecret\", \"authority\"?}, each a text";

    /// From the variables that Azure's own clients read.
    pub(super) fn of(environment: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let trimmed = |name| environment(name).map(|value| value.trim().to_owned());
        Some(Self {
            tenant_id: trimmed("AZURE_TENANT_ID")?,
            client_id: trimmed("AZURE_CLIENT_ID")?,
            client_secret: Secret::new(trimmed("AZURE_CLIENT_SECRET")?),
            authority: trimmed("AZURE_AUTHORITY_HOST").unwrap_or_else(public),
        })
    }

    pub(super) fn parts(&self) -> Vec<&str> {
        vec!["application", &self.tenant_id, &self.client_id, self.client_secret.expose(), &self.authority]
    }

    pub(super) fn question(&self) -> Question {
        let form = form(&[
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.expose()),
            ("scope", SCOPE),
        ]);
        let authority = self.authority.trim_end_matches('/');
        Question { url: format!("{authority}/{}/oauth2/v2.0/token", self.tenant_id), form }
    }
}

fn public() -> String {
    "https://login.microsoftonline.com".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_the_documented_one() {
        let key = r#"{"tenantId": "t", "clientId": "c", "clientSecret": "s~1 2"}"#;
        let Question { url, form } = serde_json::from_str::<Application>(key).unwrap().question();
        assert_eq!(url, "https://login.microsoftonline.com/t/oauth2/v2.0/token");
        assert_eq!(
            form,
            "grant_type=client_credentials&client_id=c&client_secret=s~1%202\
             &scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default"
        );
    }

    #[test]
    fn the_environment_must_have_all_three() {
        let of = |names: &[&str]| Application::of(&|name| names.contains(&name).then(|| " v ".to_owned()));
        assert!(of(&["AZURE_TENANT_ID", "AZURE_CLIENT_ID"]).is_none());
        assert_eq!(of(&["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"]).unwrap().tenant_id, "v");
    }
}
