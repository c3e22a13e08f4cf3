package demo

// The small topics: the article's counter, greetings in many scripts, and a
// sensor's binary readings.

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"
)

// countMessages writes message-log as the article does: one message a second,
// the counter as the key.
func countMessages(w *world, first time.Duration, counter int64) {
	w.every(first, func() time.Duration {
		n := strconv.FormatInt(counter, 10)
		w.record(w.message(topicMessageLog, []byte(n), []byte("this is message"+n)))
		counter++
		return time.Second
	})
}

// greetings are texts on which terminals and programs stumble: wide letters,
// emoji of several code points, right-to-left scripts, combining marks,
// letters that join, nothing at all.
var greetings = []struct{ lang, text string }{
	{"ko", "안녕하세요, 밀레나! 오늘 주문은 잘 도착했나요?"},
	{"ja", "こんにちは。ご注文ありがとうございます。"},
	{"zh", "你好,世界。您的包裹已经发出。"},
	{"ar", "مرحبا بالعالم، وصل الطلب رقم 42 اليوم"},
	{"he", "שלום עולם, ההזמנה בדרך (3 פריטים)"},
	{"hi", "नमस्ते दुनिया, क्षमा करें"},
	{"th", "สวัสดีชาวโลก น้ำใจงาม"},
	{"el", "Γειά σου Κόσμε"},
	{"ru", "Здравствуй, мир"},
	{"cs", "Příliš žluťoučký kůň úpěl ďábelské ódy"},
	{"fr", "Cafe\u0301 et cre\u0300me bru\u0302le\u0301e, a\u0300 bientôt"}, // combining marks beside composed letters
	{"vi", "Chào thế giới, cảm ơn bạn rất nhiều"},
	{"emoji", "👋🌍 👨‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 🇰🇷🇨🇿 1️⃣ ❤️"},
	{"fullwidth", "Hello,world! ½ ㎏ ﷽"},
	{"de", "Grüß Gott\n\tund schönen Tag"},
	{"", ""},
}

// greet writes greetings: plain text, the language as the key, null for none.
func greet(w *world) {
	w.every(time.Second, func() time.Duration {
		g := one(w, greetings)
		var key []byte
		if g.lang != "" {
			key = []byte(g.lang)
		}
		w.record(w.message(topicGreetings, key, []byte(g.text), header("content-type", "text/plain; charset=utf-8")))
		return w.between(2*time.Second, 18*time.Second)
	})
}

// measure writes sensors.raw: 20 bytes, big endian. Magic 0x53 0x4d, format
// 1, flags, sensor (uint16), battery (uint16, mV), sequence (uint32),
// temperature (float32, °C), humidity (float32, 0 to 1). The key is the
// sensor, 2 bytes.
func measure(w *world) {
	const sensors = 4
	var sequence [sensors]uint32
	for s := range uint16(sensors) {
		w.every(time.Duration(s)*700*time.Millisecond, func() time.Duration {
			sequence[s]++
			hours := float64(w.now.Unix())/3600 + float64(s)
			value := []byte{0x53, 0x4d, 1, byte(w.rng.IntN(4))}
			value = binary.BigEndian.AppendUint16(value, s)
			value = binary.BigEndian.AppendUint16(value, uint16(3300-sequence[s]/50%600))
			value = binary.BigEndian.AppendUint32(value, sequence[s])
			value = binary.BigEndian.AppendUint32(value, math.Float32bits(float32(19+4*math.Sin(hours)+w.rng.Float64()/4)))
			value = binary.BigEndian.AppendUint32(value, math.Float32bits(float32(0.5+0.2*math.Cos(hours)+w.rng.Float64()/50)))
			key := binary.BigEndian.AppendUint16(nil, s)
			w.record(w.message(topicSensors, key, value, header("schema", "sensor/1")))
			return w.between(8*time.Second, 12*time.Second)
		})
	}
}
