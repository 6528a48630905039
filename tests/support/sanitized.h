/*
 * tests/support/sanitized.h - whether this build has a sanitizer: it takes signals and the
 * allocator for itself, and costs many times as much.
 */
#ifndef ASSAY_TESTS_SUPPORT_SANITIZED_H
#define ASSAY_TESTS_SUPPORT_SANITIZED_H

#ifdef __has_feature /* clang's way to tell */
#define TEST_HAS(feature) __has_feature(feature)
#else
#define TEST_HAS(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
    TEST_HAS(address_sanitizer) || TEST_HAS(thread_sanitizer)
#define TEST_SANITIZED 1
#else
#define TEST_SANITIZED 0
#endif

#endif
