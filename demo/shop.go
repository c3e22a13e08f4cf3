package demo

// The shop: customers who order, pay, are delivered to, change their minds.
// Its events are spread over orders, payments, customers and orders.dlq, and
// one trace id follows an order through all of them.

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"milena/kafka/batch"
)

const (
	customerCount = 160

	// The rates are of orders a second; one order is about four events, and
	// two payments.
	usualRate = 0.25
	saleRate  = 120.0
)

// cents is an amount of money; it prints with two decimals, always.
type cents int64

func (c cents) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 8)
	if c < 0 {
		b, c = append(b, '-'), -c
	}
	b = strconv.AppendInt(b, int64(c/100), 10)
	return append(b, '.', byte('0'+c/10%10), byte('0'+c%10)), nil
}

type customer struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	Country string `json:"country"`
	Tier    string `json:"tier"`
	Updated string `json:"updated,omitempty"`
	gone    bool   // has closed the account
}

type item struct {
	SKU   string `json:"sku"`
	Name  string `json:"name"`
	Count int    `json:"count"`
	Price cents  `json:"price"`
}

type buyer struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Country string `json:"country"`
}

// orderEvent is a value of the topic orders.
type orderEvent struct {
	Event    string `json:"event"`
	Order    string `json:"order"`
	Time     string `json:"time"`
	Customer *buyer `json:"customer,omitempty"`
	Items    []item `json:"items,omitempty"`
	Total    cents  `json:"total"`
	Currency string `json:"currency"`
	Carrier  string `json:"carrier,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// paymentEvent is a value of the topic payments.
type paymentEvent struct {
	Event    string `json:"event"`
	Payment  string `json:"payment"`
	Order    string `json:"order"`
	Method   string `json:"method"`
	Amount   cents  `json:"amount"`
	Currency string `json:"currency"`
	Time     string `json:"time"`
	Reason   string `json:"reason,omitempty"`
}

var (
	people = []struct{ first, family, country string }{
		{"Ada", "Lovelace", "GB"}, {"Émile", "Zola", "FR"}, {"Chidi", "Okafor", "NG"}, {"민준", "김", "KR"},
		{"Milena", "Jesenská", "CZ"}, {"Zoë", "Ångström", "SE"}, {"José", "Núñez", "ES"}, {"Βασιλική", "Παππά", "GR"},
		{"さくら", "田中", "JP"}, {"Łukasz", "Wójcik", "PL"}, {"नेहा", "शर्मा", "IN"}, {"Søren", "Kjær", "DK"},
		{"Мария", "Иванова", "BG"}, {"Nguyễn", "Thị Hương", "VN"}, {"Grace", "O’Malley", "IE"}, {"Jürgen", "Müller", "DE"},
		{"伟", "王", "CN"}, {"Ọlá", "Adébáyọ̀", "NG"}, {"دانة", "الصباح", "KW"}, {"Max", "Brod", "CZ"},
	}
	goods = []item{
		{SKU: "TEA-014", Name: "Sencha, 100 g", Price: 1290}, {SKU: "TEA-020", Name: "Earl Grey, 50 bags", Price: 795},
		{SKU: "PEN-001", Name: "Fountain pen, fine nib", Price: 4900}, {SKU: "INK-007", Name: "Ink “Bleu Nuit”", Price: 1450},
		{SKU: "PAP-120", Name: "Letter paper, 120 g/m²", Price: 899}, {SKU: "ENV-050", Name: "Envelopes C6 × 50", Price: 640},
		{SKU: "STP-003", Name: "Stamps, 10 × 0.90 €", Price: 900}, {SKU: "BOX-900", Name: "편지 상자 (cedar)", Price: 12900},
		{SKU: "WAX-002", Name: "Sealing wax, 6 sticks", Price: 1999}, {SKU: "LMP-011", Name: "Desk lamp", Price: 7450},
	}
	tiers    = []string{"bronze", "silver", "gold"}
	methods  = []string{"card", "card", "card", "sepa", "paypal", "invoice"}
	carriers = []string{"DHL", "UPS", "Česká pošta", "CJ대한통운"}
	sources  = []string{"shop-web", "shop-web", "shop-app", "kiosk"}
	declines = []string{"insufficient funds", "card expired", "3-D Secure timed out", "issuer does not answer"}
)

type shop struct {
	*world
	customers []*customer
	orders    int64 // the number of the next order
}

// openShop sets the shop up: all customers are written, then they live.
func openShop(w *world) {
	// An order number grows more slowly than seconds do, so that a shop that
	// opens again later does not give one twice.
	s := &shop{world: w, orders: w.now.Unix() - 1_700_000_000}
	for i := range customerCount {
		p := people[i%len(people)]
		id := "user-" + strconv.Itoa(i+1)
		s.customers = append(s.customers, &customer{
			ID: id, Name: p.first + " " + p.family, Country: p.country,
			Email: id + "@example.com", Tier: tiers[i*7%len(tiers)],
		})
	}
	w.after(0, func() {
		for _, c := range s.customers {
			s.writeCustomer(c)
		}
	})
	w.every(10*time.Second, s.changeCustomer)
	w.every(0, func() time.Duration {
		s.order()
		return w.arrival(usualRate * breath(w.now))
	})
	w.every(15*time.Minute, func() time.Duration {
		s.sale()
		return w.between(15*time.Minute, 30*time.Minute)
	})
	w.whenWatched(func() {
		w.every(12*time.Second, func() time.Duration {
			s.sale()
			return w.between(90*time.Second, 4*time.Minute)
		})
	})
}

func (s *shop) timestamp() string {
	return s.now.Add(s.late).UTC().Format("2006-01-02T15:04:05.000Z")
}

func (s *shop) writeCustomer(c *customer) {
	c.Updated = s.timestamp()
	s.record(s.message(topicCustomers, []byte(c.ID), mustJSON(c), header("content-type", "application/json")))
}

// changeCustomer changes a customer, or deletes one, who may come back.
func (s *shop) changeCustomer() time.Duration {
	c := one(s.world, s.customers)
	switch {
	case c.gone:
		c.gone = false
		s.writeCustomer(c)
	case s.chance(0.1):
		c.gone = true
		s.record(s.message(topicCustomers, []byte(c.ID), nil))
	default:
		c.Tier = one(s.world, tiers)
		s.writeCustomer(c)
	}
	return s.between(5*time.Second, 45*time.Second)
}

// sale is a burst: for a second or two everybody orders at once.
func (s *shop) sale() {
	length := s.between(time.Second, 2*time.Second)
	for at := time.Duration(0); at < length; at += s.arrival(saleRate) {
		s.after(at, s.order)
	}
}

// purchase is one order's way through the shop.
type purchase struct {
	*shop
	customer *customer
	id       string
	trace    string
	source   string
	total    cents
	method   string
}

// order lets a customer order: the order is created, paid in a transaction,
// packed and shipped, unless something gets in the way.
func (s *shop) order() {
	c := one(s.world, s.customers)
	if c.gone {
		return
	}
	p := &purchase{
		shop: s, customer: c,
		id:     "o-" + strconv.FormatInt(s.orders, 10),
		trace:  fmt.Sprintf("%016x%016x", s.rng.Uint64(), s.rng.Uint64()),
		source: one(s.world, sources), method: one(s.world, methods),
	}
	s.orders++
	var items []item
	for range 1 + s.rng.IntN(4) {
		it := one(s.world, goods)
		it.Count = 1 + s.rng.IntN(3)
		items = append(items, it)
		p.total += it.Price * cents(it.Count)
	}
	created := orderEvent{
		Event: "order.created", Items: items,
		Customer: &buyer{ID: c.ID, Name: c.Name, Country: c.Country},
	}
	switch {
	case s.chance(0.01):
		p.fails(created)
	default:
		p.event(created)
		s.after(s.between(time.Second, 15*time.Second), p.pay)
	}
}

// event writes an event of the order and returns its record.
func (p *purchase) event(e orderEvent) *record {
	e.Order, e.Time, e.Total, e.Currency = p.id, p.timestamp(), p.total, "EUR"
	return p.write(mustJSON(e))
}

func (p *purchase) write(value []byte) *record {
	headers := []batch.Header{
		header("trace-id", p.trace), header("content-type", "application/json"), header("source", p.source),
	}
	if p.source == "kiosk" {
		headers = append(headers, batch.Header{Key: "session"}) // a null value: a kiosk has no session
	}
	r := p.message(topicOrders, []byte(p.customer.ID), value, headers...)
	p.record(r)
	return r
}

// fails writes an order that billing cannot digest, and a little later what
// billing does with it: a copy in the dead letter queue that says why.
func (p *purchase) fails(created orderEvent) {
	var (
		bad   *record
		cause string
	)
	switch p.rng.IntN(3) {
	case 0:
		created.Order, created.Time, created.Total, created.Currency = p.id, p.timestamp(), p.total, "EUR"
		whole := mustJSON(created)
		cut := len(whole) * 2 / 3
		bad, cause = p.write(whole[:cut]), fmt.Sprintf("JSON: unexpected end of input at byte %d", cut)
	case 1:
		p.total = -p.total
		bad, cause = p.event(created), "total is negative"
	default:
		created.Customer = nil
		bad, cause = p.event(created), "customer is missing"
	}
	p.after(p.between(time.Second, 3*time.Second), func() {
		letter := p.message(topicDLQ, bad.key, bad.value, append(append([]batch.Header(nil), bad.headers...),
			header("error", "billing: "+cause), header("original-topic", bad.topic))...)
		p.deadLetter(letter, bad)
	})
}

// pay takes the money: two records that count together or, when the bank says
// no, not at all. Most who are refused try again.
func (p *purchase) pay() {
	if p.chance(0.1) {
		p.transaction(false, p.payment("payment.authorized", ""), p.payment("payment.failed", one(p.world, declines)))
		if p.chance(0.7) {
			p.after(p.between(2*time.Second, 20*time.Second), p.pay)
		} else {
			p.event(orderEvent{Event: "order.cancelled", Reason: "not paid"})
		}
		return
	}
	p.transaction(true, p.payment("payment.authorized", ""), p.payment("payment.captured", ""))
	p.event(orderEvent{Event: "order.paid"})
	p.after(p.between(20*time.Second, 2*time.Minute), func() {
		if p.chance(0.03) {
			p.event(orderEvent{Event: "order.cancelled", Reason: "customer changed their mind"})
			return
		}
		p.event(orderEvent{Event: "order.packed"})
		p.after(p.between(2*time.Minute, 8*time.Minute), func() {
			p.event(orderEvent{Event: "order.shipped", Carrier: one(p.world, carriers)})
		})
	})
}

func (p *purchase) payment(event, reason string) *record {
	value := mustJSON(paymentEvent{
		Event: event, Payment: strings.Replace(p.id, "o-", "p-", 1), Order: p.id, Method: p.method,
		Amount: p.total, Currency: "EUR", Time: p.timestamp(), Reason: reason,
	})
	return p.message(topicPayments, []byte(p.id), value,
		header("trace-id", p.trace), header("content-type", "application/json"), header("source", "cashier"))
}

// mustJSON encodes one of the shop's values, which can all be encoded.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
