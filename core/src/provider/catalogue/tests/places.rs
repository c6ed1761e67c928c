//! Providers with many hosts, and every slug of the reference: contract lines 5 to 8.

use http::HeaderMap;

use super::{catalogue, catalogue_with};
use crate::usage::Format;

const AZURE: &str = "https://r.openai.azure.com/openai";
const BEDROCK: &str = "https://bedrock-runtime.eu-west-1.amazonaws.com";
const VERTEX: &str = "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5";

#[test]
fn every_slug_of_the_reference_leads_where_the_reference_leads() {
    let catalogue = catalogue("");
    let cases = [
        ("azure-openai", "r/d/chat/completions?api-version=1", format!("{AZURE}/deployments/d/chat/completions?api-version=1")),
        ("azure-openai", "r/openai/v1/responses", format!("{AZURE}/v1/responses")),
        ("azure-openai", "r/openai/deployments/d/images/edits", format!("{AZURE}/deployments/d/images/edits")),
        ("azure-openai", "r/v3-large/embeddings", format!("{AZURE}/deployments/v3-large/embeddings")),
        ("aws-bedrock", "bedrock-runtime/eu-west-1/model/a.b%3A0/invoke", format!("{BEDROCK}/model/a.b%3A0/invoke")),
        ("bedrock", "bedrock-runtime/eu-west-1/model/m/converse-stream", format!("{BEDROCK}/model/m/converse-stream")),
        (
            "aws-bedrock",
            "bedrock-mantle/us-east-1/anthropic/v1/messages",
            "https://bedrock-mantle.us-east-1.api.aws/anthropic/v1/messages".into(),
        ),
        (
            "google-vertex-ai",
            "v1/projects/p/locations/us-east5/publishers/google/models/g:generateContent",
            format!("{VERTEX}/publishers/google/models/g:generateContent"),
        ),
        (
            "vertex-ai",
            "v1beta1/projects/p/locations/global/publishers/google/models/g:generateContent",
            "https://aiplatform.googleapis.com/v1beta1/projects/p/locations/global/publishers/google/models/g:generateContent".into(),
        ),
        ("replicate", "predictions", "https://api.replicate.com/v1/predictions".into()),
        ("replicate", "v1/models/a/b/predictions", "https://api.replicate.com/v1/models/a/b/predictions".into()),
        ("baseten", "v1/chat/completions", "https://inference.baseten.co/v1/chat/completions".into()),
        (
            "baseten",
            "model/abc1/environments/production/predict",
            "https://model-abc1.api.baseten.co/environments/production/predict".into(),
        ),
        ("parallel", "v1beta/search", "https://api.parallel.ai/v1beta/search".into()),
        ("parallel", "v1/tasks/runs", "https://api.parallel.ai/v1/tasks/runs".into()),
        ("parallel", "chat/completions", "https://api.parallel.ai/chat/completions".into()),
        ("cartesia", "tts/bytes", "https://api.cartesia.ai/tts/bytes".into()),
        ("ideogram", "v1/ideogram-v3/generate", "https://api.ideogram.ai/v1/ideogram-v3/generate".into()),
        ("deepgram", "v1/listen?model=nova-3", "https://api.deepgram.com/v1/listen?model=nova-3".into()),
        ("elevenlabs", "v1/text-to-speech/v", "https://api.elevenlabs.io/v1/text-to-speech/v".into()),
        ("fal", "fal-ai/fast-sdxl", "https://fal.run/fal-ai/fast-sdxl".into()),
        ("fireworks", "chat/completions", "https://api.fireworks.ai/inference/v1/chat/completions".into()),
        ("alibaba", "chat/completions", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions".into()),
        ("zai", "chat/completions", "https://api.z.ai/api/paas/v4/chat/completions".into()),
        ("zai", "api/anthropic/v1/messages", "https://api.z.ai/api/anthropic/v1/messages".into()),
    ];
    for (slug, rest, url) in cases {
        let provider = catalogue.find(slug).unwrap();
        assert_eq!(provider.url(rest, None), url, "{slug} {rest}");
        provider.ready(rest).unwrap();
    }
}

#[test]
fn urls_of_sdks_find_providers_with_many_hosts() {
    let catalogue = catalogue("");
    for (url, slug) in [
        (&*format!("{AZURE}/deployments/d/chat/completions"), "azure-openai"),
        (&format!("{AZURE}/v1/responses"), "azure-openai"),
        (&format!("{BEDROCK}/model/m/invoke-with-response-stream"), "aws-bedrock"),
        (&format!("{VERTEX}/publishers/anthropic/models/c:streamRawPredict"), "google-vertex-ai"),
        ("https://queue.fal.run/fal-ai/fast-sdxl/requests/1/status", "fal"),
        ("https://model-abc1.api.baseten.co/environments/production/predict", "baseten"),
    ] {
        let (provider, path) = catalogue.by_url(url).unwrap();
        assert_eq!((provider.slug.as_str(), provider.url(&path, None).as_str()), (slug, url));
    }
    assert!(catalogue.by_url("https://a.b.openai.azure.com/openai/v1/responses").is_none());
}

#[test]
fn a_configured_place_takes_all_of_them() {
    let catalogue = catalogue(
        "providers.azure-openai.base_url = \"http://h/a\"\nproviders.bedrock.base_url = \"http://h\"\n\
         providers.vertex.base_url = \"http://h/v\"",
    );
    for (slug, rest, url) in [
        ("azure-openai", "r/d/chat/completions", "http://h/a/openai/deployments/d/chat/completions"),
        ("aws-bedrock", "bedrock-runtime/eu-west-1/model/m/converse", "http://h/model/m/converse"),
        ("aws-bedrock", "model/m/converse", "http://h/model/m/converse"),
        (
            "vertex",
            "v1/projects/p/locations/l/endpoints/openapi/x",
            "http://h/v/v1/projects/p/locations/l/endpoints/openapi/x",
        ),
    ] {
        assert_eq!(catalogue.find(slug).unwrap().url(rest, None), url, "{slug} {rest}");
    }
}

#[test]
fn what_neither_the_path_nor_the_environment_names_is_asked_for() {
    let without = catalogue_with("", &[]).unwrap();
    let lacks = |slug: &str, path: &str| without.find(slug).unwrap().ready(path).err().map(|error| error.to_string());
    assert_eq!(lacks("aws-bedrock", "bedrock-runtime/us-east-1/model/m/invoke"), None);
    assert!(lacks("aws-bedrock", "model/m/invoke").unwrap().contains("AWS_REGION or AWS_DEFAULT_REGION"));
    assert!(lacks("azure-openai", "openai/v1/responses").unwrap().contains("AZURE_RESOURCE_NAME"));
    let vertex = without.find("vertex").unwrap();
    assert!(lacks("vertex", &vertex.chat().unwrap().path.clone()).unwrap().contains("GOOGLE_CLOUD_PROJECT"));

    let environment =
        [("AWS_DEFAULT_REGION", "eu-west-1"), ("GOOGLE_CLOUD_PROJECT", "p"), ("GOOGLE_VERTEX_LOCATION", "us-east5")];
    let with = catalogue_with("", &environment).unwrap();
    let chat = |slug: &str| {
        let provider = with.find(slug).unwrap();
        let path = provider.chat().unwrap().path.clone();
        provider.ready(&path).unwrap();
        provider.url(&path, None)
    };
    assert_eq!(chat("vertex"), format!("{VERTEX}/endpoints/openapi/chat/completions"));
    assert_eq!(with.find("bedrock").unwrap().url("model/m/converse", None), format!("{BEDROCK}/model/m/converse"));
}

#[test]
fn places_have_their_formats() {
    let catalogue = catalogue("");
    for (slug, rest, format) in [
        ("azure-openai", "r/d/chat/completions", Format::Openai),
        ("vertex", "v1/projects/p/locations/l/publishers/google/models/g:generateContent", Format::Gemini),
        ("vertex", "v1/projects/p/locations/l/publishers/anthropic/models/c:rawPredict", Format::Anthropic),
        ("vertex", "v1/projects/p/locations/l/endpoints/openapi/chat/completions", Format::Openai),
        ("bedrock", "bedrock-mantle/us-east-1/anthropic/v1/messages", Format::Anthropic),
        ("bedrock", "bedrock-runtime/us-east-1/openai/v1/chat/completions", Format::Openai),
        ("deepgram", "v1/listen", Format::Other),
    ] {
        assert_eq!(catalogue.find(slug).unwrap().format_of(rest), format, "{slug} {rest}");
    }
}

#[test]
fn keys_go_out_as_each_vendor_takes_them() {
    for (slug, name, value) in [
        ("azure-openai", "api-key", "k"),
        ("cartesia", "x-api-key", "k"),
        ("deepgram", "authorization", "Token k"),
        ("elevenlabs", "xi-api-key", "k"),
        ("fal", "authorization", "Key k"),
        ("ideogram", "api-key", "k"),
        ("parallel", "x-api-key", "k"),
        ("replicate", "authorization", "Bearer k"),
    ] {
        let catalogue = catalogue(&format!("providers.{slug}.key = \"k\""));
        let mut sent = HeaderMap::new();
        catalogue.find(slug).unwrap().authorize(&mut sent, None);
        assert_eq!(sent[name], value, "{slug}");
    }
}
