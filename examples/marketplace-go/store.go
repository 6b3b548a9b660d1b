package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	orders "marketplace/gen/orders"
)

// Holds of goods for payment.
const holdFor = 15 * time.Minute

// Scope is whose token an order carries: a partition of a version of the intents' log.
type Scope struct {
	Topic     string
	Partition uint32
}

// Key is what one result is remembered for.
type Key struct{ Buyer, Intent string }

// entry is a line of the journal: a token that was raised, or an order that was decided.
type entry struct {
	Scope    *Scope `json:",omitempty"`
	Token    uint64 `json:",omitempty"`
	Buyer    []byte `json:",omitempty"`
	Intent   string `json:",omitempty"`
	Offer    string `json:",omitempty"`
	Quantity uint32 `json:",omitempty"`
	// The contract's OrderResult, as it goes over the wire.
	Result []byte `json:",omitempty"`
}

// Store decides orders. All that it knows is in memory and in an append-only journal: a decision
// is on the disk before anybody hears of it, and a restart reads the journal again. One mutex makes
// every call a transaction.
type Store struct {
	publicURL string

	mu       sync.Mutex
	journal  *os.File
	unsaved  []entry
	tokens   map[Scope]uint64
	results  map[Key]*orders.OrderResult
	offers   map[string]*orders.Offer
	bought   map[string]uint64 // by offer and buyer
	ordered  int
	versions map[string]uint64 // when an offer last changed
	version  uint64            // from 1
	changed  chan struct{}     // closed at the next change
}

// OpenStore puts the offers on sale and replays what the journal says of them.
func OpenStore(path, publicURL string, offers []*orders.Offer) (*Store, error) {
	s := &Store{
		publicURL: publicURL,
		tokens:    map[Scope]uint64{},
		results:   map[Key]*orders.OrderResult{},
		offers:    map[string]*orders.Offer{},
		bought:    map[string]uint64{},
		versions:  map[string]uint64{},
		version:   1,
		changed:   make(chan struct{}),
	}
	for _, offer := range offers {
		s.offers[offer.OfferId] = offer
	}
	var err error
	if s.journal, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
		return nil, err
	}
	return s, s.replay()
}

// replay applies every whole line; a torn last one was never answered, and is cut off.
func (s *Store) replay() error {
	reader := bufio.NewReader(s.journal)
	var good int64
	for {
		line, err := reader.ReadBytes('\n')
		if err != nil {
			return s.journal.Truncate(good)
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("journal, byte %d: %w", good, err)
		}
		if err := s.apply(e); err != nil {
			return fmt.Errorf("journal, byte %d: %w", good, err)
		}
		good += int64(len(line))
	}
}

// apply is the one place that changes what the store knows.
func (s *Store) apply(e entry) error {
	if e.Scope != nil {
		s.tokens[*e.Scope] = e.Token
		return nil
	}
	result := &orders.OrderResult{}
	if err := proto.Unmarshal(e.Result, result); err != nil {
		return err
	}
	s.results[Key{string(e.Buyer), e.Intent}] = result
	offer := s.offers[e.Offer]
	if result.State != orders.OrderResult_STATE_ORDERED {
		return nil
	}
	s.ordered++
	if offer == nil {
		return nil // no longer on sale
	}
	units := uint64(e.Quantity)
	offer.Stock -= units
	offer.Sold += units
	s.bought[e.Offer+"/"+string(e.Buyer)] += units
	s.version++
	s.versions[e.Offer] = s.version
	return nil
}

func (s *Store) record(e entry) {
	if err := s.apply(e); err != nil {
		log.Fatalf("cannot apply %+v: %v", e, err)
	}
	s.unsaved = append(s.unsaved, e)
}

// save writes what was recorded since. Memory is ahead of a disk that fails: whoever is answered
// after that could be told what a restart forgets, so the process ends instead.
func (s *Store) save() {
	if len(s.unsaved) == 0 {
		return
	}
	var lines []byte
	for _, e := range s.unsaved {
		line, err := json.Marshal(e)
		if err != nil {
			log.Fatalf("cannot write %+v: %v", e, err)
		}
		lines = append(append(lines, line...), '\n')
	}
	if _, err := s.journal.Write(lines); err != nil {
		log.Fatal(err)
	}
	if err := s.journal.Sync(); err != nil {
		log.Fatal(err)
	}
	s.unsaved = s.unsaved[:0]
	close(s.changed)
	s.changed = make(chan struct{})
}

// admit raises the scope's token to this one, or says that a higher one was seen.
func (s *Store) admit(scope Scope, token uint64) (highest uint64, stale bool) {
	highest, known := s.tokens[scope]
	if known && token <= highest {
		return highest, token < highest
	}
	s.record(entry{Scope: &scope, Token: token})
	return token, false
}

// Fence makes the token the lowest valid one of its scope, and tells the highest.
func (s *Store) Fence(scope Scope, token uint64) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.save()
	highest, _ := s.admit(scope, token)
	return highest
}

// Place decides the orders one after the other. Stale: none of them.
func (s *Store) Place(scope Scope, token uint64, batch []*orders.Order) (results []*orders.OrderResult, stale bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.save()
	if _, stale := s.admit(scope, token); stale {
		return nil, true
	}
	now := time.Now() // after the lock: who waited for it is judged by the time it got it
	for i, order := range batch {
		result := s.placeOne(order, now)
		result.Index = uint32(i)
		results = append(results, result)
	}
	return results, false
}

// Get finds results by key; nil where none is remembered.
func (s *Store) Get(scope Scope, token uint64, keys []Key) (results []*orders.OrderResult, stale bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.save()
	if _, stale := s.admit(scope, token); stale {
		return nil, true
	}
	for i, key := range keys {
		result := s.results[key]
		if result != nil {
			result = repeated(result)
			result.Index = uint32(i)
		}
		results = append(results, result)
	}
	return results, false
}

func repeated(result *orders.OrderResult) *orders.OrderResult {
	again := proto.Clone(result).(*orders.OrderResult)
	again.Replayed = true
	return again
}

func (s *Store) placeOne(order *orders.Order, now time.Time) *orders.OrderResult {
	key := Key{string(order.BuyerRef), order.IntentId}
	first := s.results[key]
	if first != nil && string(first.Fingerprint) == string(order.Fingerprint) {
		return repeated(first)
	}
	if first != nil {
		return &orders.OrderResult{
			IntentId: order.IntentId, Fingerprint: first.Fingerprint,
			State:  orders.OrderResult_STATE_REJECTED,
			Reason: orders.Reason_REASON_ID_REUSED,
		}
	}
	result := s.decide(order, now)
	if len(order.BuyerRef) != 32 || !uuidV7.MatchString(order.IntentId) {
		return result // no key to remember it by
	}
	wire, err := proto.Marshal(result)
	if err != nil {
		log.Fatal(err)
	}
	s.record(entry{Buyer: order.BuyerRef, Intent: order.IntentId, Offer: order.OfferId,
		Quantity: order.Quantity, Result: wire})
	return result
}

// decide judges an order that has no result yet.
func (s *Store) decide(order *orders.Order, now time.Time) *orders.OrderResult {
	result := &orders.OrderResult{IntentId: order.IntentId, State: orders.OrderResult_STATE_REJECTED}
	if len(order.Fingerprint) == 32 {
		result.Fingerprint = order.Fingerprint
	}
	offer := s.offers[order.OfferId]
	if result.Reason = refusal(order, offer, now); offer != nil {
		result.Price = offer.Price
		if result.Reason == orders.Reason_REASON_UNSPECIFIED {
			result.Reason = s.shortage(order, offer)
		}
	}
	switch result.Reason {
	case orders.Reason_REASON_DEADLINE_PASSED:
		result.State = orders.OrderResult_STATE_EXPIRED
	case orders.Reason_REASON_UNSPECIFIED:
		result.State = orders.OrderResult_STATE_ORDERED
		result.Sequence = uint64(s.ordered + 1)
		result.OrderId = fmt.Sprintf("GO-%08d", result.Sequence)
		result.ContinueUrl = s.publicURL + "/checkout/" + result.OrderId
		result.HoldExpiresAt = timestamppb.New(now.Add(holdFor))
	}
	return result
}

var (
	uuidV7  = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	offerID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)
)

// refusal is why the order cannot be had, whatever is left of the offer.
func refusal(order *orders.Order, offer *orders.Offer, now time.Time) orders.Reason {
	price := order.PriceSeen
	switch {
	case !uuidV7.MatchString(order.IntentId), len(order.BuyerRef) != 32, len(order.Fingerprint) != 32,
		!offerID.MatchString(order.OfferId), order.Quantity == 0, len(price.GetCurrency()) != 3,
		price.GetAmountMinor() <= 0, order.Deadline == nil, order.Deadline.CheckValid() != nil:
		return orders.Reason_REASON_MALFORMED
	case now.After(order.Deadline.AsTime()):
		return orders.Reason_REASON_DEADLINE_PASSED
	case order.Quantity > 99:
		return orders.Reason_REASON_QUANTITY_EXCEEDED
	case offer == nil:
		return orders.Reason_REASON_ITEM_UNAVAILABLE
	case offer.SaleStartsAt != nil && now.Before(offer.SaleStartsAt.AsTime()):
		return orders.Reason_REASON_FLASH_NOT_STARTED
	case offer.SaleEndsAt != nil && !now.Before(offer.SaleEndsAt.AsTime()):
		return orders.Reason_REASON_FLASH_ENDED
	case price.Currency != offer.Price.Currency, price.AmountMinor != offer.Price.AmountMinor,
		order.PriceVersion != "" && order.PriceVersion != offer.PriceVersion:
		return orders.Reason_REASON_PRICE_CHANGED
	}
	return orders.Reason_REASON_UNSPECIFIED
}

// shortage is what there is too little of: the buyer's limit, the campaign's, or the goods.
func (s *Store) shortage(order *orders.Order, offer *orders.Offer) orders.Reason {
	units := uint64(order.Quantity)
	bought := s.bought[order.OfferId+"/"+string(order.BuyerRef)]
	switch {
	case offer.BuyerLimit > 0 && bought+units > uint64(offer.BuyerLimit):
		return orders.Reason_REASON_BUYER_LIMIT_TOTAL
	case offer.TotalLimit > 0 && offer.Sold+units > offer.TotalLimit:
		return orders.Reason_REASON_CAMPAIGN_LIMIT_REACHED
	case units > offer.Stock:
		return orders.Reason_REASON_OUT_OF_STOCK
	}
	return orders.Reason_REASON_UNSPECIFIED
}

// Changes are the offers that changed after the version, all of them for 0, and what to wait on for
// more.
func (s *Store) Changes(after uint64) (offers []*orders.Offer, version uint64, more <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, offer := range s.offers {
		if after == 0 || s.versions[id] > after {
			offers = append(offers, proto.Clone(offer).(*orders.Offer))
		}
	}
	return offers, s.version, s.changed
}

// ReadOffers reads a JSON array of offers, in the form that `jembatan-conformance --print-offers`
// writes.
func ReadOffers(path string) ([]*orders.Offer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		OfferID      string `json:"offer_id"`
		Title        string `json:"title"`
		SellerID     string `json:"seller_id"`
		Currency     string `json:"currency"`
		AmountMinor  int64  `json:"amount_minor"`
		PriceVersion string `json:"price_version"`
		Stock        uint64 `json:"stock"`
		BuyerLimit   uint32 `json:"buyer_limit"`
		TotalLimit   uint64 `json:"total_limit"`
		SaleStartsMs int64  `json:"sale_starts_ms"`
		SaleEndsMs   int64  `json:"sale_ends_ms"`
	}
	if err := json.NewDecoder(strings.NewReader(string(text))).Decode(&rows); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var offers []*orders.Offer
	for _, row := range rows {
		offers = append(offers, &orders.Offer{
			OfferId: row.OfferID, Title: row.Title, SellerId: row.SellerID,
			Price:        &orders.Money{Currency: row.Currency, AmountMinor: row.AmountMinor},
			PriceVersion: row.PriceVersion, Stock: row.Stock,
			BuyerLimit: row.BuyerLimit, TotalLimit: row.TotalLimit,
			SaleStartsAt: timeOrNone(row.SaleStartsMs), SaleEndsAt: timeOrNone(row.SaleEndsMs),
		})
	}
	return offers, nil
}

func timeOrNone(ms int64) *timestamppb.Timestamp {
	if ms == 0 {
		return nil
	}
	return timestamppb.New(time.UnixMilli(ms))
}
