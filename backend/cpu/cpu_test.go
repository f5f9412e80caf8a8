package cpu_test

import (
	"errors"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/backend/backendtest"
	"github.com/seed64708441/ember/backend/cpu"
)

// TestConformance runs the suite of package backend at every instruction level of the machine.
func TestConformance(t *testing.T) {
	for _, level := range cpu.Levels() {
		t.Run(level, func(t *testing.T) {
			backendtest.Run(t, func(t *testing.T, c backendtest.Config) backend.Backend {
				be, err := cpu.New(cpu.Config{Level: level, Threads: c.Threads})
				if err != nil {
					t.Fatal(err)
				}
				return be
			})
		})
	}
}

// TestNew checks the refusal of levels and thread counts that cannot be.
func TestNew(t *testing.T) {
	if _, err := cpu.New(cpu.Config{Level: "avx1024"}); !errors.Is(err, backend.ErrUnavailable) {
		t.Errorf("a level that is not there: %v", err)
	}
	for _, n := range []int{-1, 1 << 20} {
		if _, err := cpu.New(cpu.Config{Threads: n}); err == nil {
			t.Errorf("%d threads were accepted", n)
		}
	}
	levels := cpu.Levels()
	if levels[len(levels)-1] != "generic" {
		t.Errorf("levels %v do not end with generic", levels)
	}
}
