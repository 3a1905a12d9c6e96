"""Models on disk and in memory: folders, configuration, signatures, loading."""
