"""Where incidents are kept: `protocol.Store` says what a store does, `sqlite.SqliteStore` is the one there is."""
