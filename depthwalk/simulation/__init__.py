"""Market events when not live: seeded flows and recorded books."""
