-- How often a block's rows were made again because somebody had taken them away.
ALTER TABLE radkick_block ADD COLUMN remade INTEGER NOT NULL DEFAULT 0;
