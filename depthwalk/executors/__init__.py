"""State machines that work one parent order: events in, intents out."""
