"""Baseball itself: clubs, seasons, official dates, game keys. Pure: no database, no clock, no network."""
