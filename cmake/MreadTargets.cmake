# What every target of the project is built with, and the two commands that declare one.
#
#   mread_library(NAME SOURCES a.cc … [DEPS target …])    a layer: the library mread_NAME, alias mread::NAME
#   mread_test(NAME SOURCES a_test.cc … [DEPS target …] [LABELS label …] [ENVIRONMENT VAR=value …]
#              [TIMEOUT seconds] [RUN_SERIAL] [LOCK name]) a test program mread_NAME_tests, its cases known to ctest;
#                                                          with RUN_SERIAL each has the machine to itself, with LOCK
#                                                          it runs beside none of the same lock

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

add_library(mread_options INTERFACE)
target_compile_options(mread_options INTERFACE -Wall -Wextra -Wshadow -Wno-missing-field-initializers
                       $<$<BOOL:${MREAD_WERROR}>:-Werror> "$<$<CONFIG:Release>:-g1;-Wno-restrict>")
# Asio and Beast are compiled once, in src/net; every user must see the same switches.
target_compile_definitions(mread_options INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                           BOOST_ASIO_NO_DEPRECATED SPDLOG_FMT_EXTERNAL MREAD_VERSION="${PROJECT_VERSION}")
if(MREAD_SANITIZE)
  target_compile_options(mread_options INTERFACE -fsanitize=${MREAD_SANITIZE} -fno-omit-frame-pointer -g1)
  target_link_options(mread_options INTERFACE -fsanitize=${MREAD_SANITIZE})
  # clang 14 cannot compile coroutines with this check of UBSan's.
  target_compile_options(mread_options INTERFACE
    $<$<AND:$<CXX_COMPILER_ID:Clang>,$<BOOL:$<TARGET_PROPERTY:MREAD_COROUTINES>>>:-fno-sanitize=function>)
  if(MREAD_SANITIZE MATCHES "thread")
    target_compile_options(mread_options INTERFACE -Wno-tsan)
  endif()
endif()

function(mread_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_library(mread_${name} STATIC ${arg_SOURCES})
  add_library(mread::${name} ALIAS mread_${name})
  target_include_directories(mread_${name} PUBLIC "${CMAKE_SOURCE_DIR}/src")
  target_link_libraries(mread_${name} PUBLIC mread_options ${arg_DEPS})
  if(MREAD_UNITY)
    set_target_properties(mread_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    # What a file declares for itself looks like a header's to g++ here.
    target_compile_options(mread_${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

# Tests as one file for every six: out becomes the sources to compile. Each has an anonymous namespace, where all of them
# have a Case or a read(); here they get names, so that they can stand in one file.
function(mread_join_tests out name)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/joined_${name}")
  set(result)
  set(lines)
  set(number 0)
  foreach(source ${ARGN})
    if(NOT source MATCHES "_test\\.cc$")
      list(APPEND result "${source}")
      continue()
    endif()
    string(REPLACE "/" "_" copy "${source}")
    get_filename_component(source "${source}" ABSOLUTE)
    add_custom_command(OUTPUT "${folder}/${copy}" DEPENDS "${source}" VERBATIM
      COMMAND sed -e "1i #line 1 \"${source}\"" -e "s/^namespace {$/namespace file_${number} {/" "${source}" > "${folder}/${copy}")
    set_source_files_properties("${folder}/${copy}" PROPERTIES HEADER_FILE_ONLY ON)
    list(APPEND result "${folder}/${copy}")
    string(APPEND lines "#include \"${folder}/${copy}\"\n")
    math(EXPR number "${number} + 1")
    math(EXPR rest "${number} % 6")
    if(rest EQUAL 0)
      file(CONFIGURE OUTPUT "${folder}/all_${number}.cc" CONTENT "${lines}" @ONLY)
      list(APPEND result "${folder}/all_${number}.cc")
      set(lines)
    endif()
  endforeach()
  if(lines)
    file(CONFIGURE OUTPUT "${folder}/all_${number}.cc" CONTENT "${lines}" @ONLY)
    list(APPEND result "${folder}/all_${number}.cc")
  endif()
  set(${out} "${result}" PARENT_SCOPE)
endfunction()

function(mread_test name)
  cmake_parse_arguments(arg "RUN_SERIAL" "TIMEOUT;LOCK" "SOURCES;DEPS;LABELS;ENVIRONMENT" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(MREAD_UNITY)
    mread_join_tests(arg_SOURCES "${name}" ${arg_SOURCES})
  endif()
  add_executable(mread_${name}_tests ${arg_SOURCES})
  if(MREAD_UNITY)
    target_compile_options(mread_${name}_tests PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
  target_include_directories(mread_${name}_tests PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  # What is tested is compiled as it is shipped; the tests themselves take a third less time to compile with -O1.
  # g++ 12 sees optionals of test fixtures as "maybe uninitialized" where they are not, once all of it is inlined, and
  # with -O1 the two halves of a coroutine frame's memory as mismatched, where one is inlined.
  target_compile_options(mread_${name}_tests PRIVATE $<$<CONFIG:Release>:-O1>
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-mismatched-new-delete>)
  target_compile_definitions(mread_${name}_tests PRIVATE MREAD_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data")
  target_link_libraries(mread_${name}_tests PRIVATE mread_options ${arg_DEPS} GTest::gmock GTest::gtest_main)
  include(GoogleTest)
  set(properties TIMEOUT ${arg_TIMEOUT})
  if(arg_RUN_SERIAL)
    list(APPEND properties RUN_SERIAL ON)
  endif()
  if(arg_LOCK)
    list(APPEND properties RESOURCE_LOCK ${arg_LOCK})
  endif()
  if(MREAD_SANITIZE MATCHES "thread")
    list(APPEND arg_ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp")
  endif()
  if(arg_ENVIRONMENT)
    list(APPEND properties ENVIRONMENT "${arg_ENVIRONMENT}")
  endif()
  gtest_discover_tests(mread_${name}_tests TEST_PREFIX "${name}/" NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60 PROPERTIES ${properties})
  # gtest_discover_tests takes a list of labels apart, so they are set once it has named the tests.
  set(labels_file "${CMAKE_CURRENT_BINARY_DIR}/mread_${name}_labels.cmake")
  file(WRITE "${labels_file}" "foreach(test IN LISTS mread_${name}_tests_TESTS)
  set_tests_properties(\"\${test}\" PROPERTIES LABELS \"${name};${arg_LABELS}\")
endforeach()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${labels_file}")
endfunction()
