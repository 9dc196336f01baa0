"""The configuration: YAML into frozen values, every fault found and named. No secrets: file paths and variable names only.

`sections.py` has keys, defaults and ranges; `settings.py` the whole; `conversion.py` turns raw values into typed ones and
`rendering.py` writes them back; `loading.py` reads the file; `credentials.py` looks whether the key is where it says.
`config.example.yaml` says the same in words, and a test holds them together.
"""

from depthwalk.config.loading import FILE_NAME, load
from depthwalk.config.sections import (
    ClassShares,
    CredentialsConfig,
    Environment,
    ExecutionConfig,
    LiquidityConfig,
    LiveConfig,
    Method,
    PaperConfig,
    RateLimitConfig,
    RecordingConfig,
    RiskConfig,
    RolloutConfig,
    Tier,
)
from depthwalk.config.settings import Config

__all__ = [
    "FILE_NAME",
    "ClassShares",
    "Config",
    "CredentialsConfig",
    "Environment",
    "ExecutionConfig",
    "LiquidityConfig",
    "LiveConfig",
    "Method",
    "PaperConfig",
    "RateLimitConfig",
    "RecordingConfig",
    "RiskConfig",
    "RolloutConfig",
    "Tier",
    "load",
]
