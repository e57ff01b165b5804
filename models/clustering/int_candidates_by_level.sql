{{ candidates_by_level(ref('candidate_metrics')) }}
