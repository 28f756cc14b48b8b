-- Words of clients from before search, with the letters that fold to two: the projector writes them so.
ALTER TABLE views.client_words NO FORCE ROW LEVEL SECURITY;
INSERT INTO views.client_words (gym_id, client_id, word)
SELECT gym_id, client_id, replace(replace(replace(word, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')
  FROM views.client_words WHERE word ~ '[ßæœ]'
    ON CONFLICT DO NOTHING;
DELETE FROM views.client_words WHERE word ~ '[ßæœ]';
ALTER TABLE views.client_words FORCE ROW LEVEL SECURITY;
