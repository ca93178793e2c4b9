"""From DNS logs to infected clients: reading, grouping, judging, telling."""
