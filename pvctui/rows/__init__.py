"""What the screens say, as plain values made from the cluster by pure functions."""
