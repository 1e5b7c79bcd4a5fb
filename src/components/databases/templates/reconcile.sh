# What is in git becomes true of the running cluster. Nothing of this is harmful a second time.
python3 /plan/reconcile.py /plan/plan.json
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --file /plan/statements.sql
