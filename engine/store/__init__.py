"""Where rows are kept: `rows.RowStore` says what a store does, `locations.open_rows` opens one by its URL.

A store knows rows, not events: `engine.log` does everything else above any of them.
"""
