// A marketplace's OrderService in two files: store.go decides, this one speaks the contract. It is
// there to be copied: what a team adds is its own catalogue, database and checkout page.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	orders "marketplace/gen/orders"
)

const (
	maxBatch         = 512
	maxKeys          = 100
	maxOffersMessage = 512
	maxMessageBytes  = 1 << 20
)

// server answers by the store's word. What it does not implement it says so (UNIMPLEMENTED).
type server struct {
	orders.UnimplementedOrderServiceServer
	store *Store
}

func invalid(message string) error { return status.Error(codes.InvalidArgument, message) }

func readScope(fencing *orders.Fencing) (Scope, error) {
	scope := Scope{fencing.GetTopicVersion(), fencing.GetPartition()}
	if scope.Topic == "" || len(scope.Topic) > 128 {
		return scope, invalid("fencing.topic_version is 1 to 128 bytes")
	}
	return scope, nil
}

func (s *server) Fence(_ context.Context, request *orders.FenceRequest) (*orders.FenceResponse, error) {
	scope, err := readScope(request.Fencing)
	if err != nil {
		return nil, err
	}
	return &orders.FenceResponse{Token: s.store.Fence(scope, request.Fencing.Token)}, nil
}

func (s *server) PlaceOrder(_ context.Context, request *orders.PlaceOrderRequest) (*orders.PlaceOrderResponse, error) {
	if request.Order == nil {
		return nil, invalid("order is missing")
	}
	scope, err := readScope(request.Fencing)
	if err != nil {
		return nil, err
	}
	results, stale := s.store.Place(scope, request.Fencing.Token, []*orders.Order{request.Order})
	if stale {
		return &orders.PlaceOrderResponse{Stale: true}, nil
	}
	return &orders.PlaceOrderResponse{Result: results[0]}, nil
}

// A stream's batches are decided in the order they came, each before the next is read.
func (s *server) PlaceOrders(stream orders.OrderService_PlaceOrdersServer) error {
	for {
		batch, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		scope, err := readScope(batch.Fencing)
		if err != nil {
			return err
		}
		if len(batch.Orders) == 0 || len(batch.Orders) > maxBatch {
			return invalid("a batch has 1 to 512 orders")
		}
		results, stale := s.store.Place(scope, batch.Fencing.Token, batch.Orders)
		answer := &orders.PlaceOrdersResponse{BatchId: batch.BatchId, Results: results, Stale: stale}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
}

func (s *server) GetOrders(_ context.Context, request *orders.GetOrdersRequest) (*orders.GetOrdersResponse, error) {
	scope, err := readScope(request.Fencing)
	if err != nil {
		return nil, err
	}
	if len(request.Keys) == 0 || len(request.Keys) > maxKeys {
		return nil, invalid("1 to 100 keys may be asked about")
	}
	var keys []Key
	for _, key := range request.Keys {
		keys = append(keys, Key{string(key.BuyerRef), key.IntentId})
	}
	results, stale := s.store.Get(scope, request.Fencing.Token, keys)
	response := &orders.GetOrdersResponse{Stale: stale}
	for _, result := range results {
		response.Answers = append(response.Answers,
			&orders.GetOrdersResponse_Answer{Found: result != nil, Result: result})
	}
	return response, nil
}

func (s *server) WatchOffers(_ *orders.WatchOffersRequest, stream orders.OrderService_WatchOffersServer) error {
	var version uint64
	for {
		changes, now, more := s.store.Changes(version)
		first := version == 0
		version = now
		for told := 0; first || told < len(changes); first = false {
			next := told + maxOffersMessage
			if next > len(changes) {
				next = len(changes)
			}
			message := &orders.WatchOffersResponse{Offers: changes[told:next]}
			told = next
			message.SnapshotComplete = told == len(changes)
			if err := stream.Send(message); err != nil {
				return err
			}
		}
		select {
		case <-more:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

// With an authority the caller, the bridge, must show a certificate that it signed.
func transport(certificate, key, authority string) (credentials.TransportCredentials, error) {
	if certificate == "" {
		return insecure.NewCredentials(), nil
	}
	own, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}
	if authority != "" {
		pem, err := os.ReadFile(authority)
		if err != nil {
			return nil, err
		}
		config.ClientCAs = x509.NewCertPool()
		if !config.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New(authority + " holds no certificate")
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return credentials.NewTLS(config), nil
}

func main() {
	listen := flag.String("listen", "127.0.0.1:9500", "address for OrderService, host:port")
	journal := flag.String("journal", "marketplace.journal", "file of what was decided; made if there is none")
	offersFile := flag.String("offers", "offers.json", "JSON file of offers")
	publicURL := flag.String("public_url", "https://pay.marketplace.example", "where continue_url leads")
	certificate := flag.String("tls_certificate", "", "PEM certificate; empty: plaintext")
	key := flag.String("tls_key", "", "PEM key")
	authority := flag.String("tls_ca", "", "PEM authority whose certificates may call")
	flag.Parse()

	offers, err := ReadOffers(*offersFile)
	if err != nil {
		log.Fatal(err)
	}
	store, err := OpenStore(*journal, *publicURL, offers)
	if err != nil {
		log.Fatal(err)
	}
	creds, err := transport(*certificate, *key, *authority)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	grpcServer := grpc.NewServer(grpc.Creds(creds), grpc.MaxRecvMsgSize(maxMessageBytes))
	orders.RegisterOrderServiceServer(grpcServer, &server{store: store})
	log.Printf("ready on %s", listener.Addr())
	log.Fatal(grpcServer.Serve(listener))
}
