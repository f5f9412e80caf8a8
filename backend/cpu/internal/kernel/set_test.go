package kernel

import (
	"reflect"
	"strings"
	"testing"
)

// TestAvailable checks that every level has every kernel, and that the last one is the twins.
func TestAvailable(t *testing.T) {
	sets := Available()
	if last := sets[len(sets)-1].Name; last != "generic" {
		t.Errorf("the last level is %q, want generic", last)
	}
	for _, s := range sets {
		v := reflect.ValueOf(*s)
		for i := range v.NumField() {
			name := s.Name + "." + v.Type().Field(i).Name
			switch f := v.Field(i); f.Kind() {
			case reflect.Func:
				if f.IsNil() {
					t.Errorf("%s is missing", name)
				}
			case reflect.Array:
				if f.Type().Elem().Kind() != reflect.Func {
					continue
				}
				for j := range f.Len() {
					field := v.Type().Field(i).Name
					optional := field == "MatMulPair" || field == "MatMulSegment" || field == "Quantize" && ActFormat(j) == ActF32
					if !optional && f.Index(j).IsNil() {
						t.Errorf("%s[%d] is missing", name, j)
					}
				}
			}
		}
		if got, err := Named(s.Name); err != nil || got != s {
			t.Errorf("Named(%q) = %v, %v", s.Name, got, err)
		}
	}
	sets[0] = nil
	if Available()[0] == nil {
		t.Error("callers share the slice of sets")
	}
}

func TestNamedUnknown(t *testing.T) {
	_, err := Named("mmx")
	if err == nil || !strings.Contains(err.Error(), `"mmx"`) || !strings.Contains(err.Error(), "generic") {
		t.Errorf("error is %v, want one with the level and the known ones", err)
	}
}
