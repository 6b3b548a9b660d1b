# Every library Jembatan stands on, found here and nowhere else. tools/bootstrap installs them.

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(Protobuf 3.21 REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(simdjson REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(mimalloc REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
# Its own CMake package wants the command-line tools too.
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)

# librdkafka: the build that tools/bootstrap makes, or a system one from 2.3 (before it the
# idempotent producer goes fatal on a broker disconnect) to 2.9 (from 2.10 on a cluster that
# names no brokers for a moment is never asked again). tools/librdkafka.patch holds what we mend.
set(JEMBATAN_RDKAFKA_PREFIX "" CACHE PATH "Prefix of librdkafka as built by tools/bootstrap")
if(NOT JEMBATAN_RDKAFKA_PREFIX)
  string(REGEX MATCH "thread|address" sanitizer "${JEMBATAN_SANITIZE}")
  set(bootstrap_args --print-librdkafka)
  if(sanitizer)
    list(APPEND bootstrap_args --sanitize=${sanitizer})
  endif()
  execute_process(
    COMMAND ${CMAKE_SOURCE_DIR}/tools/bootstrap ${bootstrap_args}
    OUTPUT_VARIABLE rdkafka_prefix
    OUTPUT_STRIP_TRAILING_WHITESPACE)
else()
  set(rdkafka_prefix ${JEMBATAN_RDKAFKA_PREFIX})
endif()
add_library(jembatan_rdkafka INTERFACE)
if(EXISTS ${rdkafka_prefix}/lib/librdkafka.a)
  target_include_directories(jembatan_rdkafka SYSTEM INTERFACE ${rdkafka_prefix}/include)
  target_link_libraries(jembatan_rdkafka INTERFACE
    ${rdkafka_prefix}/lib/librdkafka.a OpenSSL::SSL OpenSSL::Crypto z Threads::Threads
    ${CMAKE_DL_LIBS} rt m)
  message(STATUS "librdkafka: ${rdkafka_prefix}")
else()
  pkg_check_modules(rdkafka REQUIRED IMPORTED_TARGET rdkafka>=2.3.0 rdkafka<2.10.0)
  target_link_libraries(jembatan_rdkafka INTERFACE PkgConfig::rdkafka)
  message(STATUS "librdkafka: system ${rdkafka_VERSION}")
endif()
add_library(jembatan::rdkafka ALIAS jembatan_rdkafka)
