"""The paths of the API, one file per thing of the cluster."""
