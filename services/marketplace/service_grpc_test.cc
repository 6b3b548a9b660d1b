#include <fstream>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "jembatan/orders/v1/orders.grpc.pb.h"
#include "libs/base/status.h"
#include "libs/rpc/server.h"
#include "services/marketplace/limits.h"
#include "services/marketplace/service.h"
#include "services/marketplace/testing.h"

namespace jembatan::marketplace {
namespace {

using orders::v1::OrderResult;

// What a server sends back for these bytes until it closes.
std::string Exchange(int port, const std::string& bytes) {
  boost::asio::io_context context;
  boost::asio::ip::tcp::socket socket(context);
  socket.connect({boost::asio::ip::make_address("127.0.0.1"), static_cast<uint16_t>(port)});
  boost::system::error_code error;
  boost::asio::write(socket, boost::asio::buffer(bytes), error);
  std::string answer;
  boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
  return answer;
}

std::string Fetch(int port, const std::string& method, const std::string& target) {
  return Exchange(port, method + " " + target +
                            " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                            "Content-Length: 0\r\n\r\n");
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class ServiceTest : public ::testing::Test {
 protected:
  Options LoopbackOptions() {
    Options options;
    options.listen = options.operator_listen = "127.0.0.1:0";
    options.checkout_listen = options.admin_listen = "127.0.0.1:0";
    options.database = file_.path();
    options.offers = file_.path() + ".offers.json";
    std::ofstream(options.offers) << R"([{"offer_id": "kopi", "title": "Kopi Gayo",
      "currency": "IDR", "amount_minor": 2500000, "price_version": "1", "stock": 2}])";
    return options;
  }
  void Start(const Options& options) {
    service_.emplace(options, clock_.get());
    const absl::Status started = service_->Start();
    ASSERT_TRUE(started.ok()) << base::ToString(started);
  }
  OrderResult Place(uint64_t intent) {
    const auto stub = orders::v1::OrderService::NewStub(rpc::Connect(
        "127.0.0.1:" + std::to_string(service_->port()), grpc::InsecureChannelCredentials()));
    orders::v1::PlaceOrderRequest request;
    request.mutable_fencing()->set_topic_version("jembatan.intents.v1");
    request.mutable_fencing()->set_token(1);
    orders::v1::Order& order = *request.mutable_order();
    order.set_intent_id(testing::IntentId(intent));
    order.set_buyer_ref(testing::BuyerRef(intent));
    order.set_offer_id("kopi");
    order.set_quantity(1);
    order.mutable_price_seen()->set_currency("IDR");
    order.mutable_price_seen()->set_amount_minor(2'500'000);
    order.set_fingerprint(std::string(32, 'f'));
    order.mutable_deadline()->set_seconds(clock_.now_ms / 1'000 + 60);
    orders::v1::PlaceOrderResponse response;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    const grpc::Status status = stub->PlaceOrder(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.result();
  }
  // Until the sweep, which runs by real time, has seen the clock.
  bool AwaitStock(const std::string& stock) {
    for (int i = 0; i < 1'000; ++i) {
      if (Has(Fetch(service_->admin_port(), "GET", "/offers"), "\"stock\":" + stock + ",")) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  testing::TempDatabase file_;
  testing::TestClock clock_;
  std::optional<Service> service_;
};

TEST_F(ServiceTest, FromAnOrderToItsInvoice) {
  Start(LoopbackOptions());
  const OrderResult result = Place(1);
  ASSERT_EQ(result.state(), OrderResult::STATE_ORDERED);
  const std::string origin = "http://127.0.0.1:" + std::to_string(service_->checkout_port());
  ASSERT_TRUE(result.continue_url().starts_with(origin + "/checkout/")) << result.continue_url();
  const std::string path = result.continue_url().substr(origin.size());
  const int port = service_->checkout_port();
  const std::string page = Fetch(port, "GET", path);
  EXPECT_TRUE(page.starts_with("HTTP/1.1 200 OK\r\n")) << page;
  EXPECT_TRUE(Has(page, "Content-Security-Policy: default-src 'none'; style-src 'self';"));
  EXPECT_TRUE(Has(page, "Referrer-Policy: no-referrer\r\n"));
  EXPECT_TRUE(Has(page, "Cache-Control: no-store\r\n"));
  EXPECT_TRUE(Has(page, "Kopi Gayo"));
  const std::string paid = Fetch(port, "POST", path);
  EXPECT_TRUE(paid.starts_with("HTTP/1.1 303 See Other\r\n")) << paid;
  EXPECT_TRUE(Has(paid, "Location: " + path + "\r\n"));
  const std::string receipt = Fetch(port, "GET", path);
  const size_t link = receipt.find("href=\"" + origin + "/invoice/");
  ASSERT_NE(link, std::string::npos) << receipt;
  const size_t start = link + 6 + origin.size();
  const std::string invoice = receipt.substr(start, receipt.find('"', start) - start);
  EXPECT_TRUE(Has(Fetch(port, "GET", invoice), "Faktur T-0000000001"));
  const std::string ledger = Fetch(service_->admin_port(), "GET", "/ledger?after=0&limit=5");
  EXPECT_TRUE(Has(ledger, "\"order_id\":\"T-0000000001\",\"payment\":\"PAID\"")) << ledger;
  EXPECT_TRUE(Has(Fetch(service_->admin_port(), "GET", "/ledger?x=1"), "400"));
  EXPECT_TRUE(Has(Fetch(service_->admin_port(), "GET", "/readyz"), "200 OK"));
  EXPECT_TRUE(
      Has(Fetch(service_->admin_port(), "GET", "/metrics"), "jembatan_marketplace_results_total"));
  service_->Stop();
  service_->Stop();
}

TEST_F(ServiceTest, TheSweepGivesBackWhatNobodyPaid) {
  Start(LoopbackOptions());
  Place(1);
  EXPECT_TRUE(AwaitStock("1"));
  clock_.now_ms += 900'000;
  EXPECT_TRUE(AwaitStock("2"));
}

TEST_F(ServiceTest, ARestartKeepsStockAndLinks) {
  const Options options = LoopbackOptions();
  Start(options);
  const OrderResult first = Place(1);
  Start(options);
  EXPECT_TRUE(AwaitStock("1"));
  const OrderResult again = Place(1);
  EXPECT_TRUE(again.replayed());
  EXPECT_EQ(again.continue_url(), first.continue_url());
  const std::string& url = first.continue_url();
  const std::string path = url.substr(url.find("/checkout/"));
  EXPECT_TRUE(Has(Fetch(service_->checkout_port(), "GET", path), "200 OK"));
}

TEST_F(ServiceTest, TheCheckoutPortIsBounded) {
  Start(LoopbackOptions());
  const int port = service_->checkout_port();
  const struct {
    std::string request;
    const char* status;
  } cases[] = {
      {"GARBAGE\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nX: " + std::string(9'000, 'x') + "\r\n\r\n", "431"},
      {"POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\n" + std::string(5'000, 'x'), "413"},
      {"GET /" + std::string(kMaxTargetBytes, 'x') + " HTTP/1.1\r\nConnection: close\r\n\r\n",
       "414"},
      {"GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n", "404"},
      {"PUT /checkout/x HTTP/1.1\r\nConnection: close\r\n\r\n", "405"},
      {"BREW /checkout/x HTTP/1.1\r\nConnection: close\r\n\r\n", "405"},
  };
  for (const auto& c : cases) {
    const std::string answer = Exchange(port, c.request);
    EXPECT_TRUE(answer.starts_with(std::string("HTTP/1.1 ") + c.status)) << c.status << answer;
  }
  EXPECT_TRUE(Has(Fetch(port, "PUT", "/checkout/x"), "Allow: GET, HEAD, POST\r\n"));
  // HEAD tells the length and sends no body; the connection serves on.
  const std::string twice =
      "HEAD /assets/checkout.css HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /assets/checkout.css HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const std::string answers = Exchange(port, twice);
  const size_t body = answers.find("\r\n\r\n") + 4;
  EXPECT_TRUE(Has(answers.substr(0, body), "Content-Length: "));
  EXPECT_TRUE(answers.substr(body).starts_with("HTTP/1.1 200 OK")) << answers;
}

TEST_F(ServiceTest, StartRefusesWithOneLine) {
  const struct {
    std::function<void(Options&)> change;
    const char* error;
  } cases[] = {
      {[](Options& o) { o.public_url = "http://belanja.example"; }, "public_url"},
      {[](Options& o) { o.checkout_listen = "0.0.0.0:0"; }, "public_url"},
      {[](Options& o) { o.offers = "/nonexistent"; }, "cannot read /nonexistent"},
      {[](Options& o) { o.name = ""; }, "name is empty"},
      {[](Options& o) { o.listen = "nowhere"; }, "not host:port"},
      {[](Options& o) { o.database = "/nonexistent/market.db"; }, "/nonexistent/market.db"},
      {[](Options& o) { o.tls_key = "/nonexistent"; }, "TLS"},
  };
  for (const auto& c : cases) {
    Options options = LoopbackOptions();
    c.change(options);
    Service service(options, clock_.get());
    const std::string error = base::ToString(service.Start());
    EXPECT_TRUE(Has(error, c.error)) << error;
    EXPECT_FALSE(Has(error, "\n")) << error;
  }
  Start(LoopbackOptions());
  Options busy = LoopbackOptions();
  Service second(busy, clock_.get());
  EXPECT_TRUE(Has(base::ToString(second.Start()), "is in use by another process"));
}

}  // namespace
}  // namespace jembatan::marketplace
