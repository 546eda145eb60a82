"""The engine that fills output folders: items, what is there already, pools, publishing, record, status, verify."""
