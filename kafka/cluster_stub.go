package kafka

type idempotence struct{}
