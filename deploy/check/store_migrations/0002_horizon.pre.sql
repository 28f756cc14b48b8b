-- es.horizon() asks the sequence how far positions were drawn.
GRANT SELECT ON SEQUENCE es.events_pos TO es_auditor;
