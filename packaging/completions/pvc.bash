eval "$(_PVC_COMPLETE=bash_source pvc)"
