"""The suites, a folder a protocol: `coordinator/` judges the server side, `agent/` the client."""
