"""What every part of monitoring needs: errors, files, versioned formats."""
