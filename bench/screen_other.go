//go:build !linux

package main

import (
	"context"
	"errors"
	"time"
)

var errLinux = errors.New("the screen is measured on Linux only: /proc tells its processor time and memory")

func (b *bench) screen(context.Context) error                       { return errLinux }
func (b *bench) first(context.Context, string, time.Duration) error { return errLinux }
func runEmpty() error                                               { return errLinux }
