package model_test

import (
	"os"
	"testing"

	"sealab/host"
)

func TestMain(m *testing.M) {
	host.Child(0)
	os.Exit(m.Run())
}
