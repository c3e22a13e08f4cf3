package demo

import "errors"

// errLocked is returned by lock when another process holds the lock.
var errLocked = errors.New("locked by another process")
