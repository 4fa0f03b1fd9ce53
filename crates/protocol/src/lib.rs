//! The words: wire types, status table, fold, ETA, SSE codec, limits, problems.
