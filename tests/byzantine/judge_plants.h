/*
 * tests/byzantine/judge_plants.h - judges that fall on purpose, for `assayd-byzantine` and tests.
 */
#ifndef ASSAY_TESTS_BYZANTINE_JUDGE_PLANTS_H
#define ASSAY_TESTS_BYZANTINE_JUDGE_PLANTS_H

#include "net/verifier/verifier_process.h"

/*
 * The judge of a daemon may be told to fall: ASSAY_BYZANTINE_JUDGE is "PLANT:N", for about one
 * quote of N, the same ones whenever they come. Plants: judge_plants.c.
 * Returns: that text, NULL when its judge is as good as any.
 */
const char *assay_byzantine_judge(void);
/* Returns: the function of a judge with that argument; NULL: of a good one. */
assay_verifier_process_function *assay_byzantine_verify(const char *argument);
/* Of a judge whose evidence is the name of a plant, and a space; "good" and what follows it gets a
 * verdict with these bytes for its report data. */
enum assay_status assay_planted_verify(struct assay_verifier *verifier,
                                       const struct assay_evidence_request *request,
                                       struct assay_verdict *verdict);

#endif
