namespace Gache.Store;

/// <summary>CRC-16/XMODEM: polynomial 0x1021, initial value 0, not reflected.</summary>
internal static class Crc16
{
    private const int Polynomial = 0x1021;

    private static readonly ushort[] Table = MakeTable();

    public static int Compute(ReadOnlySpan<byte> bytes)
    {
        ushort[] table = Table;
        int crc = 0;
        foreach (byte b in bytes) crc = ((crc << 8) ^ table[(byte)((crc >> 8) ^ b)]) & 0xFFFF;
        return crc;
    }

    private static ushort[] MakeTable()
    {
        var table = new ushort[256];
        for (int i = 0; i < table.Length; i++)
        {
            int crc = i << 8;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ Polynomial : crc << 1;
            table[i] = (ushort)crc;
        }

        return table;
    }
}
