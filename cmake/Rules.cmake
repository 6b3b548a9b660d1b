# The functions that every CMakeLists.txt below uses, and the flags that every target gets.

set(JEMBATAN_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them")

add_library(jembatan_flags INTERFACE)
target_compile_features(jembatan_flags INTERFACE cxx_std_20)
target_compile_options(jembatan_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough -Wswitch-enum
  -fno-omit-frame-pointer
  # Options are aggregates with documented defaults: naming only what differs is the idiom.
  -Wno-missing-designated-field-initializers
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
target_include_directories(jembatan_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_link_options(jembatan_flags INTERFACE $<$<CXX_COMPILER_ID:Clang>:-fuse-ld=lld>)
if(JEMBATAN_SANITIZE)
  set(JEMBATAN_SANITIZE_OPTIONS -fsanitize=${JEMBATAN_SANITIZE} -O1)
  if(JEMBATAN_SANITIZE MATCHES "address")
    # A report names functions and lines; more of debug information only costs time and space. Not
    # for threads: tests/tsan.supp names inlined functions in full.
    list(APPEND JEMBATAN_SANITIZE_OPTIONS -gline-tables-only)
  endif()
  target_compile_options(jembatan_flags INTERFACE ${JEMBATAN_SANITIZE_OPTIONS})
  target_link_options(jembatan_flags INTERFACE -fsanitize=${JEMBATAN_SANITIZE})
  # Only builds that nobody ships can be told where to die.
  target_compile_definitions(jembatan_flags INTERFACE JEMBATAN_CRASH_POINTS)
  if(JEMBATAN_SANITIZE MATCHES "undefined")
    # Without vptr: it probes the object through a pipe, and calls every object invalid in a process
    # that has run out of descriptors, as a gateway does in its test.
    target_compile_options(jembatan_flags INTERFACE -fno-sanitize-recover=all -fno-sanitize=vptr)
  endif()
else()
  # What hardening-check asks of a binary; a plain clang build has none of it but PIE and RELRO.
  target_compile_options(jembatan_flags INTERFACE
    -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  target_link_options(jembatan_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

# jembatan_test(NAME x SRCS x_test.cc DEPS ... [LABELS unit])
# A gtest program of the folder; ctest runs it whole, from the root of the tree, under the label
# (default: unit). The target LABEL_tests builds all programs under a label. A test finds the files
# it reads from the root: __FILE__ does not name a place once ccache has made it relative.
function(jembatan_test)
  cmake_parse_arguments(arg "" "NAME" "SRCS;DEPS;LABELS" ${ARGN})
  add_executable(${arg_NAME} ${arg_SRCS})
  target_link_libraries(${arg_NAME} PRIVATE
    jembatan_flags ${arg_DEPS} GTest::gtest_main GTest::gmock)
  set_target_properties(${arg_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  add_test(NAME ${arg_NAME} COMMAND ${arg_NAME} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${arg_NAME} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 120)
  foreach(label ${arg_LABELS})
    if(NOT TARGET ${label}_tests)
      add_custom_target(${label}_tests)
    endif()
    add_dependencies(${label}_tests ${arg_NAME})
  endforeach()
endfunction()

# jembatan_library(NAME kafka SRCS a.cc DEPS jembatan::base TEST a_test.cc [TEST_DEPS ...])
# Makes jembatan::kafka and, of the TEST files, the test program kafka_test.
function(jembatan_library)
  cmake_parse_arguments(arg "" "NAME" "SRCS;DEPS;TEST;TEST_DEPS" ${ARGN})
  add_library(jembatan_${arg_NAME} STATIC ${arg_SRCS})
  add_library(jembatan::${arg_NAME} ALIAS jembatan_${arg_NAME})
  target_link_libraries(jembatan_${arg_NAME} PUBLIC ${arg_DEPS} PRIVATE jembatan_flags)
  target_include_directories(jembatan_${arg_NAME} PUBLIC ${CMAKE_SOURCE_DIR})
  if(arg_TEST)
    jembatan_test(NAME ${arg_NAME}_test SRCS ${arg_TEST}
      DEPS jembatan::${arg_NAME} ${arg_TEST_DEPS})
  endif()
endfunction()

# jembatan_binary(NAME jembatan-gateway SRCS main.cc DEPS ...)
function(jembatan_binary)
  cmake_parse_arguments(arg "" "NAME" "SRCS;DEPS" ${ARGN})
  add_executable(${arg_NAME} ${arg_SRCS})
  target_link_libraries(${arg_NAME} PRIVATE jembatan_flags ${arg_DEPS})
  # Sanitizers bring their own malloc.
  if(NOT JEMBATAN_SANITIZE)
    target_link_options(${arg_NAME} PRIVATE -Wl,--no-as-needed)
    target_link_libraries(${arg_NAME} PRIVATE mimalloc)
  endif()
endfunction()

# jembatan_proto(NAME proto_intake PROTOS a.proto [DEPS jembatan::proto_b] [GRPC])
# Messages as jembatan::<NAME>; with GRPC also the service stubs as jembatan::<NAME>_grpc. DEPS are
# the contracts that this one imports.
function(jembatan_proto)
  cmake_parse_arguments(arg "GRPC" "NAME" "PROTOS;DEPS" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${out})
  set(messages)
  set(stubs)
  list(TRANSFORM arg_PROTOS PREPEND ${CMAKE_SOURCE_DIR}/proto/ OUTPUT_VARIABLE sources)
  foreach(dep ${arg_DEPS})
    get_target_property(imported ${dep} JEMBATAN_PROTO_SOURCES)
    list(APPEND sources ${imported})
  endforeach()
  foreach(proto ${arg_PROTOS})
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(outputs ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
    set(grpc_args)
    list(APPEND messages ${out}/${stem}.pb.cc)
    if(arg_GRPC)
      list(APPEND outputs ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
      list(APPEND stubs ${out}/${stem}.grpc.pb.cc)
      set(grpc_args --grpc_out=${out} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>)
    endif()
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND protobuf::protoc -I${CMAKE_SOURCE_DIR}/proto --cpp_out=${out} ${grpc_args} ${proto}
      DEPENDS ${sources}
      VERBATIM)
  endforeach()
  add_library(jembatan_${arg_NAME} STATIC ${messages})
  add_library(jembatan::${arg_NAME} ALIAS jembatan_${arg_NAME})
  target_include_directories(jembatan_${arg_NAME} SYSTEM PUBLIC ${out})
  set_target_properties(jembatan_${arg_NAME} PROPERTIES JEMBATAN_PROTO_SOURCES "${sources}")
  target_link_libraries(jembatan_${arg_NAME} PUBLIC ${arg_DEPS} protobuf::libprotobuf)
  if(JEMBATAN_SANITIZE)
    target_compile_options(jembatan_${arg_NAME} PRIVATE ${JEMBATAN_SANITIZE_OPTIONS})
  endif()
  if(arg_GRPC)
    add_library(jembatan_${arg_NAME}_grpc STATIC ${stubs})
    add_library(jembatan::${arg_NAME}_grpc ALIAS jembatan_${arg_NAME}_grpc)
    target_link_libraries(jembatan_${arg_NAME}_grpc PUBLIC jembatan_${arg_NAME} gRPC::grpc++)
  endif()
endfunction()
