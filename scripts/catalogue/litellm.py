"""Reads litellm's price JSON, of one version and no other: service tiers, and models that nobody else lists."""

import json
import pathlib
import sys
from decimal import Decimal
from typing import Any

from .rates import Row, decimal
from .wheel import Archive

VERSION = "1.106.2"
FILE = "litellm/model_prices_and_context_window_backup.json"

# Whose prices are taken, and what stands before their names: {theirs: (ours, prefix)}.
PROVIDERS = {
    "openai": ("openai", ""), "text-completion-openai": ("openai", ""), "anthropic": ("anthropic", ""),
    "gemini": ("google-ai-studio", "gemini/"), "azure": ("azure-openai", "azure/"),
    "azure_ai": ("azure-ai", "azure_ai/"), "bedrock": ("aws-bedrock", ""), "bedrock_converse": ("aws-bedrock", ""),
    "vertex_ai": ("google-vertex-ai", "vertex_ai/"), "vertex_ai-language-models": ("google-vertex-ai", ""),
    "vertex_ai-anthropic_models": ("google-vertex-ai", "vertex_ai/"), "mistral": ("mistral", "mistral/"),
    "groq": ("groq", "groq/"), "deepseek": ("deepseek", "deepseek/"), "xai": ("grok", "xai/"),
    "cohere": ("cohere", ""), "cohere_chat": ("cohere", ""), "cloudflare": ("workers-ai", "cloudflare/"),
    "fireworks_ai": ("fireworks", "fireworks_ai/"), "fireworks_ai-embedding-models": ("fireworks", "fireworks_ai/"),
    "together_ai": ("together", "together_ai/"), "perplexity": ("perplexity-ai", "perplexity/"),
    "cerebras": ("cerebras", "cerebras/"), "moonshot": ("moonshot", "moonshot/"), "novita": ("novita", "novita/"),
    "baseten": ("baseten", "baseten/"), "minimax": ("minimax", "minimax/"), "ovhcloud": ("ovhcloud", "ovhcloud/"),
    "voyage": ("voyage", "voyage/"), "zai": ("zai", "zai/"), "elevenlabs": ("elevenlabs", "elevenlabs/"),
    "deepinfra": ("deepinfra", "deepinfra/"), "nebius": ("nebius", "nebius/"), "dashscope": ("alibaba", "dashscope/"),
    "replicate": ("replicate", "replicate/"), "deepgram": ("deepgram", "deepgram/"),
    "vercel_ai_gateway": ("vercel", "vercel_ai_gateway/"), "wandb": ("wandb", "wandb/"),
    "sambanova": ("sambanova", "sambanova/"), "hyperbolic": ("hyperbolic", "hyperbolic/"),
    "nscale": ("nscale", "nscale/"), "scaleway": ("scaleway", "scaleway/"), "volcengine": ("volcengine", ""),
    "friendliai": ("friendli", "friendliai/"), "gmi": ("gmi", "gmi/"), "crusoe": ("crusoe", "crusoe/"),
    "ai21": ("ai21", ""), "v0": ("v0", "v0/"), "morph": ("morph", "morph/"), "inception": ("inception", "inception/"),
    "meta_llama": ("llama-api", "meta_llama/"), "gradient_ai": ("digitalocean", "gradient_ai/"),
    "aiml": ("aimlapi", "aiml/"), "jina_ai": ("jina", ""), "stability": ("stability", "stability/"),
    "black_forest_labs": ("black-forest-labs", "black_forest_labs/"), "recraft": ("recraft", "recraft/"),
    "fal_ai": ("fal", "fal_ai/"), "nvidia_nim": ("nvidia", "nvidia_nim/"), "assemblyai": ("assemblyai", "assemblyai/"),
}  # fmt: skip

RATES = {
    "input_cost_per_token": "input", "output_cost_per_token": "output", "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write", "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "output_cost_per_reasoning_token": "reasoning", "input_cost_per_audio_token": "audio_in",
    "output_cost_per_audio_token": "audio_out", "cache_read_input_audio_token_cost": "cache_audio_read",
    "input_cost_per_image_token": "image_in", "output_cost_per_image_token": "image_out",
    "cache_read_input_image_token_cost": "cache_image_read",
}  # fmt: skip
TIERS = {"batch": "_batches", "flex": "_flex", "priority": "_priority"}
LENGTHS = (100, 128, 200, 272, 512)
IMAGES = ("image_generation", "image_edit")
# Charged by what no answer tells.
UNTOLD = ("tiered_pricing", "input_cost_per_character", "output_cost_per_character", "ocr_cost_per_page",
          "output_cost_per_pixel", "input_cost_per_pixel", "output_cost_per_video_token")  # fmt: skip


class Wheel:
    def __init__(self, path: pathlib.Path) -> None:
        archive = Archive(path)
        self.source = archive.source("litellm")
        if self.source["version"] != VERSION:
            sys.exit(f"litellm {self.source['version']} is not {VERSION}")
        self.models = json.loads(archive.text(FILE), parse_float=Decimal)

    def providers(self) -> dict[str, dict[str, Row]]:
        """`{provider: {model: row}}` under our slugs."""
        found: dict[str, dict[str, Row]] = {}
        for key, model in self.models.items():
            provider, prefix = PROVIDERS.get(model.get("litellm_provider", ""), ("", ""))
            if provider and key.startswith(prefix) and (fields := row(model)):
                name = key.removeprefix(prefix)
                # Prices of one region, and of one size of image, stand under names that no request has.
                if not (provider == "azure-openai" and "/" in name) and not name.startswith(("bedrock/", "1024-x", "512-x")):
                    also = {"also": [f"{name}:*"]} if name.startswith("ft:") else {}
                    found.setdefault(provider, {})[name] = also | fields
        return found


def row(model: dict[str, Any]) -> Row | None:
    if any(model.get(key) for key in UNTOLD):
        return None
    fields = rates(model, "")
    if model.get("mode") in IMAGES and "image_out" not in fields and (price := model.get("output_cost_per_image")):
        fields = {"image": decimal(Decimal(price))}
    if price := model.get("input_cost_per_query") or model.get("input_cost_per_request"):
        fields["request"] = decimal(Decimal(price))
    if model.get("mode") == "audio_transcription" and (price := model.get("input_cost_per_second")):
        fields["hour"] = decimal(Decimal(price) * 3600)
    # Nought stands for what it does not know.
    if all(rate == "0" for rate in fields.values()):
        return None
    # What is charged by something else than tokens has nought for them.
    if any(fee in fields for fee in ("image", "hour", "request")):
        fields = {name: rate for name, rate in fields.items() if rate != "0"}
    for tier, suffix in TIERS.items():
        if overlay := rates(model, suffix):
            fields[tier] = overlay
    return fields


def rates(model: dict[str, Any], suffix: str) -> Row:
    found: Row = {}
    for theirs, ours in RATES.items():
        price = model.get(theirs + suffix)
        if not isinstance(price, int | Decimal):
            continue
        rate = [million(price)]
        for thousands in LENGTHS:
            above = model.get(f"{theirs}_above_{thousands}k_tokens{suffix}")
            if isinstance(above, int | Decimal):
                rate += [thousands * 1000, million(above)]
        found[ours] = rate if len(rate) > 1 else rate[0]
    return found


def million(price: int | Decimal) -> str:
    return decimal(Decimal(price) * 1_000_000)
