/*
 * tests/unit/store/test_folder.h - temporary folder of one test.
 */
#ifndef ASSAY_TESTS_UNIT_STORE_TEST_FOLDER_H
#define ASSAY_TESTS_UNIT_STORE_TEST_FOLDER_H

struct test_folder {
    char folder[64];
    char store[96]; /* a path in it */
};

/* Aborts when the system gives no folder. */
void test_folder_make(struct test_folder *place);
/* Removes the folder and the files in it. */
void test_folder_remove(const struct test_folder *place);

#endif
