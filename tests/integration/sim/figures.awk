# tests/integration/sim/figures.awk - of what `assay-sim run` prints: the table of cohorts, as it stands in
# the pages of docs/scenarios/.
/^cohort / { on = 1 }
/^$/ { on = 0 }
on { sub(/ +$/, ""); print }
/^(epochs|epochs_certified|epochs_held|unjust_falls|unjust_offences|crashes|recovered|progress_epochs) / { print }
