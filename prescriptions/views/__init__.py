"""The staff's pages: prescribing (`writing`), the medicines of a patient (`charts`), the dispensary (`dispensary`)."""
