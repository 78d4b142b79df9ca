eval "$(_PVC_COMPLETE=zsh_source pvc)"
