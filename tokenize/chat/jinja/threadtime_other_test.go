//go:build !linux

package jinja

import "time"

// threadTime is the time of the clock where threads have none of their own.
func threadTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
